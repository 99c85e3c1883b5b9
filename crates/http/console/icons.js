// The pictures beside words. None stands alone: whoever does not see them misses nothing.

import { svg } from './dom.js';

const PATHS = {
  data: ['M4 6h16M4 12h16M4 18h10'],
  secrets: [
    'M6 11h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1Z',
    'M8 11V8a4 4 0 0 1 8 0v3',
    'M12 15v2',
  ],
  access: ['M7.5 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z', 'M11.5 12H21v3.5M17 12v2.5'],
  account: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z', 'M4.5 20a7.5 7.5 0 0 1 15 0'],
  edit: ['m5 19 .8-3.6L16.6 4.6a1.4 1.4 0 0 1 2 0l.8.8a1.4 1.4 0 0 1 0 2L8.6 18.2 5 19Z', 'm14.5 6.7 2.8 2.8'],
  replace: ['M5 11a7 7 0 0 1 12.3-3.5L19 9.5', 'M19 5v4.5h-4.5', 'M19 13a7 7 0 0 1-12.3 3.5L5 14.5', 'M5 19v-4.5h4.5'],
  remove: ['M5 7h14', 'M9 7V5h6v2', 'm7 7 .8 12h8.4L17 7', 'M10.5 10.5v5M13.5 10.5v5'],
  plus: ['M12 5v14M5 12h14'],
  close: ['M6 6l12 12M18 6 6 18'],
  info: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z', 'M12 11v5', 'M12 8h.01'],
  fault: ['M12 4 2.8 20h18.4L12 4Z', 'M12 10v4.5', 'M12 17.2h.01'],
  check: ['m5 12.5 4.5 4.5L19 7.5'],
  download: ['M12 4v11', 'm7 10.5 5 5 5-5', 'M5 20h14'],
};

/** One of them, in the size of its line. */
export function icon(name) {
  const paths = PATHS[name].map((d) => svg('path', { d }));
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, ...paths);
}

/** The mark. */
export function mark() {
  return svg(
    'svg',
    {
      viewBox: '0 0 32 32',
      'aria-hidden': 'true',
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': '1.75',
      'stroke-linecap': 'round',
    },
    svg('circle', { cx: 16, cy: 16, r: 13 }),
    svg('circle', { cx: 16, cy: 16, r: 4 }),
    svg('path', { d: 'M16 3v5M16 24v5M3 16h5M24 16h5' }),
  );
}
