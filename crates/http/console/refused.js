// What was refused, and the sentence that says so to the person. The safe's own sentences are shown as they are.

export class Refused extends Error {
  /** `code` and `status` are the safe's, where it was the safe that refused. */
  constructor(sentence, { code = null, status = 0 } = {}) {
    super(sentence);
    this.code = code;
    this.status = status;
  }
}

/** What to say of anything that was thrown. A defect of this page is no riddle for the person who meets it, and shows in the console. */
export function sentenceOf(error) {
  if (error instanceof Refused) return error.message;
  console.error(error);
  return 'Something went wrong in this page. Load it again, please.';
}
