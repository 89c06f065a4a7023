/**
 * A stream's life, shortened at random by up to a tenth: streams that open together do not end together.
 * @param seconds the longest; 0 is no end
 * @param random from 0 to 1, as `Math.random`
 */
export function drawLifeMs(seconds: number, random: () => number): number {
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000 * (1 - random() / 10);
}
