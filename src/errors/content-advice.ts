/** What to do about each code of content sharing. Apps that share none do not load it. */
export const CONTENT_ADVICE = {
  'content-unsupported': 'Ask the hub for content sharing (STU3).',
  'content-unknown': 'Try again when the status is known.',
  'content-invalid': 'Correct the change.',
  'content-not-current': 'Open its anchor, or pass another one.',
  'content-conflict': 'Decide again (see changes), or pass a function.',
  'content-too-large': 'Share less at once.',
} as const;

/** The stable identifiers of what can go wrong with content sharing. */
export type ContentErrorCode = keyof typeof CONTENT_ADVICE;
