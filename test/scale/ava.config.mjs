// dir:// on distributed file systems, whose machines are name spaces of this one: `make soak`, or
// `node test/run.ts scale-soak`.
export default {
  extensions: ["ts"],
  files: ["test/scale/**/*.test.ts"],
  concurrency: 1,
  timeout: "30m",
};
