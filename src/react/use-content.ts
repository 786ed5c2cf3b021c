import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { FhircastClient } from '../client.ts';
import type { ContentSnapshot } from '../content/content-snapshot.ts';
import type { ResourceName } from '../content/resource-names.ts';
import type { SharedContent } from '../content/share-content.ts';
import { useSource, useSourceState } from './provider.ts';

/** What {@link useContent} returns. */
export interface ContentState {
  /** By what content is changed and selected; `undefined` until there is a client. */
  readonly content: SharedContent | undefined;
  /** What is shared at the moment; `null` where nothing is, `undefined` while that is not known. */
  readonly snapshot: ContentSnapshot | null | undefined;
}

/** Options of {@link useContent}. */
export interface ContentOptions {
  /**
   * The anchor, such as `DiagnosticReport/r1`.
   *
   * @default the current context
   */
  readonly anchor?: ResourceName | undefined;
}

const notKnown = (): undefined => undefined;

/**
 * The content that apps share beside the contexts (STU3, content sharing). A component with it is drawn again when that changes. An app
 * that does not import `fhircast-client/content` has none of its bytes.
 *
 * @param share `shareContent` of `fhircast-client/content`, a function that calls it with options, or what it returned. A client shares
 *   content once: the options of the first call count.
 * @param options which anchor
 * @throws Error where there is no provider
 * @example
 * ```tsx
 * import { shareContent } from 'fhircast-client/content';
 *
 * const { content, snapshot } = useContent(shareContent);
 * ```
 */
export function useContent(
  share: SharedContent | ((client: FhircastClient) => SharedContent) | undefined,
  { anchor }: ContentOptions = {},
): ContentState {
  const source = useSource('useContent()');
  const { client } = useSourceState(source);
  const [shared, setShared] = useState<{ readonly of: FhircastClient; readonly content: SharedContent }>();
  useEffect(() => {
    if (!client || client.state === 'closed' || typeof share !== 'function') return;
    const content = share(client);
    setShared((before) => (before?.content === content ? before : { of: client, content }));
  }, [client, share]);
  const own = shared && shared.of === client ? shared.content : undefined;
  const content = typeof share === 'object' ? share : own;
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = [source.subscribe(listener), content?.subscribe(listener)];
      return () => {
        for (const end of ends) end?.();
      };
    },
    [source, content],
  );
  const look = () => {
    if (!content || !client || client.state === 'closed') return undefined;
    return anchor === undefined ? content.current : content.of(anchor);
  };
  return { content, snapshot: useSyncExternalStore(subscribe, look, notKnown) };
}
