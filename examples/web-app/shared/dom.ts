/**
 * The one element of a page that a selector names.
 *
 * @throws when there is none of this kind
 */
export function find<T extends Element = HTMLElement>(selector: string, kind?: new () => T): T {
  const element = document.querySelector(selector);
  if (element instanceof (kind ?? HTMLElement)) return element as T;
  throw new Error(`The page has no ${selector}.`);
}

/** Makes an element with text or children, which are never read as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
