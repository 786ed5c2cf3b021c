import type { CallbackOwner } from 'fhircast-client/callback';

/** The time on a clock that all processes of this machine share, in milliseconds. */
const now = (): number => performance.timeOrigin + performance.now();

/**
 * An owner that notes how long each event was on its way, and tells the parent process when it asks for that.
 */
export function listenerOf(): { owner: CallbackOwner; report(): void } {
  let waits: number[] = [];
  const owner: CallbackOwner = {
    verify: () => true,
    deny: () => true,
    notify: (body) => {
      const { sentAt } = JSON.parse(body) as { sentAt: number };
      waits.push(now() - sentAt);
      return 200;
    },
    rejected: (error) => {
      throw error;
    },
  };
  const report = () =>
    process.on('message', (message) => {
      if (message !== 'waits') return;
      process.send?.(JSON.stringify(waits));
      waits = [];
    });
  return { owner, report };
}
