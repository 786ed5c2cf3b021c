/** What a hub sends on every open websocket so that the connection stays open. It is no event and needs no answer. */
export interface KeepaliveTrait {
  /** How often, in seconds. */
  readonly seconds: number;
  /** The text `ping`, an empty text frame, or `{"type": "ping"}`. */
  readonly form: KeepaliveForm;
}

/** The forms of a keepalive. */
export type KeepaliveForm = 'text' | 'empty' | 'json';

const FRAMES: Readonly<Record<KeepaliveForm, string>> = { text: 'ping', empty: '', json: '{"type":"ping"}' };

/** Every form of a keepalive. */
export const KEEPALIVES = Object.keys(FRAMES) as readonly KeepaliveForm[];

/** The text of a keepalive. */
export const keepaliveFrame = (form: KeepaliveForm): string => FRAMES[form];
