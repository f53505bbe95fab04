// Builds dist/server, dist/backup and dist/bench: the images of the storage node's NFS server, of the backup service and of
// what `swarmnfs bench` measures with, each an archive for `docker load` that is called like its image. A word after the
// command builds that one only.
import process from "node:process";
import { backupFlags, backupPrograms, serverPrograms } from "./bundle.ts";
import { newIdentity } from "./identity.ts";
import { buildImage, type Image } from "./image.ts";
import { backupRecipe, benchRecipe, serverRecipe } from "./recipe.ts";

const images: readonly Image[] = [
  {
    name: "swarmnfs/nfs-server",
    folder: "server",
    recipe: serverRecipe,
    programs: serverPrograms,
    first: "init",
    title: "swarmnfs NFS server",
    description: "The storage node of swarmnfs: kernel NFS, one app apart from the other",
  },
  {
    name: "swarmnfs/backup",
    folder: "backup",
    recipe: backupRecipe,
    programs: backupPrograms,
    first: "main",
    flags: backupFlags,
    title: "swarmnfs backup",
    description: "Every app of a swarmnfs storage to WebDAV, restorable to any moment",
  },
  {
    name: "swarmnfs/bench",
    folder: "bench",
    recipe: benchRecipe,
    programs: null,
    first: "/usr/bin/fio",
    title: "swarmnfs bench",
    description: "fio, for swarmnfs bench",
  },
];

const [only] = process.argv.slice(2);
const identity = await newIdentity();
for (const image of images)
  if (only === undefined || only === image.folder) await buildImage(image, identity);
