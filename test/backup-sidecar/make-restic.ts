// Makes the restic of the backup image, if this machine has not made it yet.
import { resticOfTheImage } from "./restic.ts";

await resticOfTheImage();
