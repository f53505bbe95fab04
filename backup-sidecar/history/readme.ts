/** `README.txt` on the server, for somebody who has nothing else. Of what there is, not of how one comes to it. */
export function readmeText(storageName: string): string {
  return `Backups of the storage "${storageName}", made by swarmnfs.

WHAT IS WHERE
  repositories/<app>/      the backups of each app: a repository of restic (https://restic.net), encrypted
  backup_historys/<app>/   metadata.json: which versions there are, with their snapshot ids
                           <date>_<time>/manifest.json: what is in one version (times are UTC)
  <app>/<volume>/          only where it was asked for: a copy of the newest version, not encrypted
  .swarmnfs/               working files of the backup service; do not change anything in it

TO GET FILES BACK WITHOUT SWARMNFS
  You need this server, the backup password, restic (0.14 or newer) and rclone, on any computer.

  1. Tell rclone where this server is:
       rclone config create backup webdav url=https://THE-ADDRESS-OF-THE-FOLDER-ABOVE-THIS-FILE vendor=other user=USER pass=PASSWORD --obscure
  2. See what there is (restic asks for the backup password):
       restic -r rclone:backup:${storageName}/repositories/APP snapshots
     "Host" is the volume's name.
  3. Bring a version back to an empty directory:
       restic -r rclone:backup:${storageName}/repositories/APP restore SNAPSHOT-ID --target /some/empty/directory --sparse
     The tag top=MODE:UID:GID of a snapshot is what the top directory itself had: chmod MODE, chown UID:GID.

  Nothing of that changes anything here but locks, which restic removes. Do not delete or move files in repositories/.

TO BRING A WHOLE STORAGE BACK WITH SWARMNFS
  Start its backup service on a new machine with the address and the password, as docs/disaster.md says. The app
  nfs_configs holds which volumes there were, and whose.

Without the backup password nobody can read these backups, we neither.
`;
}
