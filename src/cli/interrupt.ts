/** Whether the user has had enough: Ctrl+C, or whoever runs the command ends it. A second one ends it at once. */
export function interrupted(): { readonly happened: Promise<void>; release(): void } {
  let isFirst = true;
  let tell: () => void = () => {};
  const happened = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const end = () => {
    if (!isFirst) process.exit(130);
    isFirst = false;
    tell();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return {
    happened,
    release() {
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
    },
  };
}
