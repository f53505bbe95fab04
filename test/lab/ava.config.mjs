// The lab suite: real machines, one file and one test after the other. `npx ava --config test/lab/ava.config.mjs FILE`
// with LAB=name runs one file in a lab that is up.
export default {
  extensions: ["ts"],
  files: ["test/lab/**/*.test.ts"],
  concurrency: 1,
  serial: true,
  timeout: "20m",
};
