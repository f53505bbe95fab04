/** What is known of the isolation of apps, by the server's attack on itself. */
export type Outcome =
  /** Everything was refused. `by`: what the kernel does it by. `at`: RFC 3339. */
  | { readonly state: "passed"; readonly at: string; readonly by: "subtree_check" | "sign_fh" }
  /** Something was reached that should not be, in words. */
  | { readonly state: "failed"; readonly at: string; readonly what: string }
  /** It could not be made, or proved nothing: nothing is known. */
  | { readonly state: "impossible"; readonly at: string; readonly why: string }
  /** It passed, on another data disk. */
  | { readonly state: "outdated" }
  | { readonly state: "pending" };
