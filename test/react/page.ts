import { Window } from 'happy-dom';

/**
 * A page for React, and nothing else of a browser: the client and the test hub keep Node's sockets, requests and signals. It comes before
 * React DOM, which looks for a page when it is imported.
 */
const window = new Window({ url: 'https://app.example.org/' });
const { document, navigator, HTMLElement, HTMLIFrameElement, Node } = window;
Object.assign(globalThis, { window, document, navigator, HTMLElement, HTMLIFrameElement, Node });
