// What of private engines takes too long for every change: `make soak`, or `node test/run.ts engine-soak`.
export default {
  extensions: ["ts"],
  files: ["test/engine/soak/**/*.test.ts"],
  concurrency: 1,
  timeout: "30m",
};
