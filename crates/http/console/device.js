// What a person may call the device they sit at: a name to begin with, which they can change.

/** Such as "Chrome on Linux". */
export function deviceName() {
  const agent = navigator.userAgent;
  const browser = [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([sign]) => agent.includes(sign));
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Mac OS', 'Mac'],
    ['Windows', 'Windows'],
    ['Linux', 'Linux'],
  ].find(([sign]) => agent.includes(sign));
  return [browser?.[1] ?? 'Browser', system && `on ${system[1]}`].filter(Boolean).join(' ');
}
