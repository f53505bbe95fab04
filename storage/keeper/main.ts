import { systemClock } from "../../service/clock.ts";
import { DirectoryStorage } from "../directory/directory-storage.ts";
import { systemQuotas } from "../quota/system-quotas.ts";
import { keep } from "./keeper.ts";

keep(
  (settings, progress) =>
    new DirectoryStorage(settings, { clock: systemClock, progress, quotas: systemQuotas }),
);
