// The dial of a safe, drawn in lines: for the eye only.

import { svg } from './dom.js';

const DIVISIONS = 100;
const CENTRE = 200;

/** The dial: a fixed rim with its pointer, and a ring of a hundred divisions that turns. */
export function dial() {
  const ring = svg('g', { class: 'ring' });
  for (let division = 0; division < DIVISIONS; division += 1) {
    const isTen = division % 10 === 0;
    const isFive = division % 5 === 0;
    ring.append(
      svg('line', {
        x1: CENTRE,
        x2: CENTRE,
        y1: 44,
        y2: isTen ? 66 : isFive ? 58 : 52,
        'stroke-width': isTen ? 2.5 : 1.25,
        opacity: isFive ? 1 : 0.7,
        transform: `rotate(${(division * 360) / DIVISIONS} ${CENTRE} ${CENTRE})`,
      }),
    );
    if (isTen) {
      const number = svg('text', {
        x: CENTRE,
        y: 86,
        'text-anchor': 'middle',
        'font-size': 15,
        fill: 'currentColor',
        stroke: 'none',
        transform: `rotate(${(division * 360) / DIVISIONS} ${CENTRE} ${CENTRE})`,
      });
      number.textContent = String(division);
      ring.append(number);
    }
  }
  for (const radius of [104, 62, 16]) ring.append(svg('circle', { cx: CENTRE, cy: CENTRE, r: radius }));
  for (let grip = 0; grip < 60; grip += 1) {
    ring.append(
      svg('line', {
        x1: CENTRE,
        x2: CENTRE,
        y1: 102,
        y2: 112,
        opacity: 0.7,
        transform: `rotate(${grip * 6} ${CENTRE} ${CENTRE})`,
      }),
    );
  }
  for (let spoke = 0; spoke < 3; spoke += 1) {
    ring.append(
      svg('path', { d: 'M190 184V140a10 10 0 0 1 20 0v44', transform: `rotate(${spoke * 120} ${CENTRE} ${CENTRE})` }),
    );
  }
  return svg(
    'svg',
    {
      class: 'dial',
      viewBox: '0 0 400 400',
      'aria-hidden': 'true',
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': '1.5',
    },
    svg('circle', { cx: CENTRE, cy: CENTRE, r: 194, opacity: 0.5 }),
    svg('circle', { cx: CENTRE, cy: CENTRE, r: 164 }),
    svg('path', { d: 'M200 32l-7-14h14z', fill: 'currentColor' }),
    ring,
  );
}
