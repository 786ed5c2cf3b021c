/**
 * Keeps this process from sleeping while it sends. Waking a process is paid by the one whose answer wakes it, costs as much as
 * reading a message, and happens more often to the slower contender.
 *
 * @param send what is sent, until the last answer
 */
export async function stayAwake(send: () => Promise<void>): Promise<void> {
  let done = false;
  const spin = () => {
    if (!done) setImmediate(spin);
  };
  spin();
  try {
    await send();
  } finally {
    done = true;
  }
}
