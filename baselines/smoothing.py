"""Edge-preserving smoothing by weighted least squares, which LIME and BIMEF refine their map with.

The smooth map T of an image S minimizes

    sum (T - S)^2 + weight_x (dT/dx)^2 + weight_y (dT/dy)^2,

so T solves one sparse, symmetric, positive definite system with five entries a row. The weights
span many orders of magnitude, which plain conjugate gradients pay for with a thousand steps; with
a multigrid cycle as preconditioner (pixels merged two by two on each level) it takes some tens, and
memory and time grow with the number of pixels only, unlike those of a direct factorization.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg, splu

# Residual at which the solver stops, relative to the image: well below one 8-bit step in T.
TOLERANCE = 1e-3
# Below this number of unknowns a direct factorization is cheaper than another level.
COARSEST = 2000
# Damping of the Jacobi sweeps; any value in (1/2, 1) suits a five-point system.
DAMPING = 0.7


def smooth(image: np.ndarray, weight_x: np.ndarray, weight_y: np.ndarray) -> np.ndarray:
    """Smooth an image where the weights are high and keep it where they are low.

    Args:
        image: (H, W), any range.
        weight_x: (H, W), zero or more: weight of the difference between a pixel and its right
            neighbor. The last column's neighbor is the first one; zeros there cut that tie.
        weight_y: (H, W), the same for the lower neighbor.

    Returns:
        (H, W) float64; constant images stay as they are, whatever the weights.
    """
    matrix = system(weight_x, weight_y)
    source = image.ravel().astype(float)
    cycle = multigrid(matrix, image.shape)
    solution, missed = cg(
        matrix, source, x0=source, rtol=TOLERANCE, M=LinearOperator(matrix.shape, matvec=cycle)
    )
    if missed:
        raise RuntimeError(f"smoothing did not converge within {missed} steps")
    return solution.reshape(image.shape)


def system(weight_x: np.ndarray, weight_y: np.ndarray) -> sparse.csr_array:
    """Assemble the matrix of the normal equations, I + Dx' Wx Dx + Dy' Wy Dy.

    Args:
        weight_x: (H, W), as in ``smooth``.
        weight_y: (H, W), as in ``smooth``.

    Returns:
        (H W, H W), symmetric; every row sums to one.
    """
    size = weight_x.size
    index = np.arange(size).reshape(weight_x.shape)
    pixel = np.concatenate([index.ravel(), index.ravel()])
    neighbor = np.concatenate([np.roll(index, -1, axis=1).ravel(), np.roll(index, -1, 0).ravel()])
    weight = np.concatenate([weight_x.ravel(), weight_y.ravel()])
    tied = weight > 0
    ties = sparse.coo_array((weight[tied], (pixel[tied], neighbor[tied])), shape=(size, size))
    ties = (ties + ties.T).tocsr()
    return (sparse.diags_array(1 + ties.sum(axis=1)) - ties).tocsr()


class _Level(NamedTuple):
    """One grid: its matrix, its damped inverse diagonal, and the way up from the next grid."""

    matrix: sparse.csr_array
    relax: np.ndarray
    spread: sparse.csr_array
    gather: sparse.csr_array


def multigrid(
    matrix: sparse.csr_array, shape: tuple[int, int]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that nearly solves ``matrix @ x = residual``: one symmetric V-cycle.

    Coarser grids merge 2 x 2 pixels and sum their equations (Galerkin); a cycle makes one damped
    Jacobi sweep on the way down and one on the way up, so it is a symmetric, positive definite
    operator, as conjugate gradients need.

    Args:
        matrix: From ``system``.
        shape: (H, W) of the image.
    """
    levels = []
    while matrix.shape[0] > COARSEST:
        spread, shape = _aggregation(shape)
        gather = spread.T.tocsr()
        levels.append(_Level(matrix, DAMPING / matrix.diagonal(), spread, gather))
        matrix = (gather @ matrix @ spread).tocsr()
    coarsest = splu(matrix.tocsc())

    def cycle(residual: np.ndarray, depth: int = 0) -> np.ndarray:
        if depth == len(levels):
            return coarsest.solve(residual)
        level = levels[depth]
        x = level.relax * residual
        x += level.spread @ cycle(level.gather @ (residual - level.matrix @ x), depth + 1)
        return x + level.relax * (residual - level.matrix @ x)

    return cycle


def _aggregation(shape: tuple[int, int]) -> tuple[sparse.csr_array, tuple[int, int]]:
    """Return the 0/1 matrix that copies a coarse pixel to its 2 x 2 fine ones, and the shape."""
    height, width = shape
    coarse = (height + 1) // 2, (width + 1) // 2
    parent = (np.arange(height)[:, None] // 2) * coarse[1] + np.arange(width) // 2
    ones, first = np.ones(parent.size), np.arange(parent.size + 1)
    spread = sparse.csr_array(
        (ones, parent.ravel(), first), shape=(parent.size, coarse[0] * coarse[1])
    )
    return spread, coarse
