// The report in a real browser, and of very many volumes: `make soak`, or `node test/run.ts report-soak`.
export default {
  extensions: ["ts"],
  files: ["test/cli/soak/**/*.test.ts"],
  timeout: "3m",
  concurrency: 1,
};
