/** The inverse of a symmetric matrix with `ridge` added to its diagonal, by Gauss and Jordan; positive definite, so no pivoting. */
export function inverted(matrix: Float64Array, size: number, ridge: number): Float64Array {
  const left = matrix.slice();
  const right = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    left[i * size + i] = left[i * size + i]! + ridge;
    right[i * size + i] = 1;
  }
  for (let column = 0; column < size; column++) {
    const scale = 1 / left[column * size + column]!;
    for (let j = 0; j < size; j++) {
      left[column * size + j] = left[column * size + j]! * scale;
      right[column * size + j] = right[column * size + j]! * scale;
    }
    for (let row = 0; row < size; row++) {
      const factor = left[row * size + column]!;
      if (row === column || factor === 0) continue;
      for (let j = 0; j < size; j++) {
        left[row * size + j] = left[row * size + j]! - factor * left[column * size + j]!;
        right[row * size + j] = right[row * size + j]! - factor * right[column * size + j]!;
      }
    }
  }
  return right;
}
