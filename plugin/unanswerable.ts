/**
 * Nothing true can be said now. Docker takes any answer to Get but a volume for "no such volume" and forgets the
 * volume's labels and options; a closed connection it takes for "unknown".
 */
export class Unanswerable extends Error {
  override readonly name = "Unanswerable";
}
