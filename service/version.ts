declare const SWARMNFS_BUILD_VERSION: string | undefined;
declare const SWARMNFS_BUILD_ID: string | undefined;

/** The release this is, as in package.json; the bundler writes it in. */
export const version =
  typeof SWARMNFS_BUILD_VERSION === "string" ? SWARMNFS_BUILD_VERSION : "0.0.0-development";

/** Tells two builds of one release apart; the bundler writes it in. */
export const buildId = typeof SWARMNFS_BUILD_ID === "string" ? SWARMNFS_BUILD_ID : "source";
