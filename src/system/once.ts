/** Several events may mean the same end: what runs for the first of them, and for none after it. */
export function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
