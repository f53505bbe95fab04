// What takes too long for every change: `make soak`, or `node test/run.ts backup-soak`.
export default {
  extensions: ["ts"],
  files: ["test/backup-sidecar/soak/**/*.test.ts"],
  timeout: "90m",
  concurrency: 1,
};
