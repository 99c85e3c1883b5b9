// Makes elements. Text only ever becomes text: nothing here, or in any other module, parses markup, and the policy that the
// page is served with (Trusted Types) holds it to that.

/**
 * An element with its attributes and children. `true` makes an attribute without a value, `false`, `null` and `undefined` none;
 * `on` holds listeners by event; `value`, `checked` and `disabled` are properties. Children are nodes, texts, or nothing.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on') {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (['value', 'checked', 'disabled'].includes(key)) {
      element[key] = value;
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same in SVG. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Draws anew what stands in a place. The focus stays at the element with the same id; if that is gone, it goes to the heading. */
export function redraw(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  place.replaceChildren(...children);
  if (focused === null) return;
  const again = focused.id ? document.getElementById(focused.id) : null;
  (again ?? document.querySelector('h1'))?.focus({ preventScroll: true });
}

let drawn = 0;

/** An id that no other element has. */
export function freshId(what) {
  drawn += 1;
  return `${what}-${drawn}`;
}

/** Runs something that takes a while on behalf of a button, which says so and is not pressed twice. */
export async function busy(button, work) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try {
    await work();
  } finally {
    button.removeAttribute('aria-busy');
  }
}
