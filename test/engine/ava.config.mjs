// The engine suite: a real dockerd and the real plugin in each test. Two files at a time keep two cores busy.
export default {
  extensions: ["ts"],
  files: ["test/engine/**/*.test.ts", "!test/engine/soak/**"],
  concurrency: 2,
  timeout: "5m",
};
