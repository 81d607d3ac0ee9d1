import { add, sqrt, square, subtract, type Tensor } from "../tensor/index.ts";

/** How far numbers are apart, by a distance that is smooth at 0 (P. Charbonnier et al., 1994): below `nearby` nearly by its square. */
export const smoothDistance = (x: Tensor, y: Tensor, nearby: number): Tensor =>
  subtract(sqrt(add(square(subtract(x, y)), nearby ** 2)), nearby);
