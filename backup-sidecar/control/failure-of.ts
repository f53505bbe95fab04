import { UserError } from "../../service/user-error.ts";
import { ResticFailure } from "../engine/restic-failure.ts";
import { RemoteFailure } from "../repository/failure.ts";

/** What whoever asked hears of an error. Only errors that are meant for people are repeated. */
export function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  if (error instanceof RemoteFailure || error instanceof ResticFailure)
    return { code: "unavailable", message: error.message };
  return {
    code: "internal",
    message:
      "the backup service made a mistake; it is not yours. Its log says more: docker service logs swarmnfs_backup, or docker compose logs backup",
  };
}
