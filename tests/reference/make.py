#!/usr/bin/env python3
"""Reference trajectories of update rules and wrappers, by optax in float64.

The problem: f(x) = 1/2 sum_i k_i x_i^2 + sum_i cos(x_i), with k from 0.5 to 50, split into the
groups position (2), shape (3) and color (1); see PROBLEM. Gradients are exact. Rules that are not
in optax, or differ there from their papers, are written down here straight from the papers.

    python3 -m venv env && env/bin/pip install optax
    env/bin/python tests/reference/make.py > tests/reference/trajectories.json
"""

import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)

PROBLEM = {
    "curvature": [0.5, 2.0, 5.0, 10.0, 25.0, 50.0],
    "start": [2.0, -1.5, 1.25, -0.75, 0.5, -1.0],
}
STEPS = 100
EVERY = [1, 2, 3, *range(5, STEPS + 1, 5)]
GROUPS = {"position": slice(0, 2), "shape": slice(2, 5), "color": slice(5, 6)}


def split(x):
    return {name: jnp.asarray(x[part]) for name, part in GROUPS.items()}


def join(tree):
    return np.concatenate([np.asarray(tree[name]) for name in GROUPS])


def gradient(x):
    return np.array(PROBLEM["curvature"]) * x - np.sin(x)


def by_optax(transform):
    x = np.array(PROBLEM["start"])
    params = split(x)
    state = transform.init(params)
    path = []
    for _ in range(STEPS):
        updates, state = transform.update(split(gradient(join(params))), state, params)
        params = optax.apply_updates(params, updates)
        path.append(join(params))
    return path


def lookahead(transform, every, share):
    """Zhang et al. 2019, algorithm 1; the slow weights start at the first fast ones."""
    params = split(np.array(PROBLEM["start"]))
    state = transform.init(params)
    path, slow = [], None
    for step in range(1, STEPS + 1):
        updates, state = transform.update(split(gradient(join(params))), state, params)
        params = optax.apply_updates(params, updates)
        x = join(params)
        slow = x.copy() if slow is None else slow
        if step % every == 0:
            slow = slow + share * (x - slow)
            params = split(slow)
        path.append(join(params))
    return path


def sharpness_aware(rate, radius):
    """Foret et al. 2021, with the norm of each group over the root of its length."""
    x = np.array(PROBLEM["start"])
    path = []
    for _ in range(STEPS):
        g = gradient(x)
        probe = x.copy()
        for part in GROUPS.values():
            norm = np.linalg.norm(g[part])
            if norm > 0:
                probe[part] += radius * math.sqrt(len(g[part])) * g[part] / norm
        x = x - rate * gradient(probe)
        path.append(x)
    return path


def sparse_adam(rate, b1, b2, eps):
    """SparseAdam of PyTorch: x_0 has no gradient in every third step and rests then."""
    x = np.array(PROBLEM["start"])
    m, v = np.zeros(6), np.zeros(6)
    path = []
    for t in range(1, STEPS + 1):
        g = gradient(x)
        if t % 3 == 0:
            g[0] = 0.0
        on = g != 0.0
        m[on] = b1 * m[on] + (1 - b1) * g[on]
        v[on] = b2 * v[on] + (1 - b2) * g[on] ** 2
        step = rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        x = x - np.where(on, step, 0.0)
        path.append(x)
    return path


def lars(rate, beta, decay, trust):
    """optax's order: weight decay, trust ratio, rate, momentum."""
    return optax.lars(
        rate, weight_decay=decay, trust_coefficient=trust, eps=0.0, momentum=beta, nesterov=False
    )


def adamw_by_group(rate, decay):
    return optax.adamw(rate, b1=0.9, b2=0.999, eps=1e-8, eps_root=0.0, weight_decay=decay)


CASES = {
    "sgd": ({"rate": 0.03}, by_optax(optax.sgd(0.03))),
    "momentum": ({"rate": 0.01, "beta": 0.9}, by_optax(optax.sgd(0.01, momentum=0.9))),
    "nesterov": (
        {"rate": 0.01, "beta": 0.9},
        by_optax(optax.sgd(0.01, momentum=0.9, nesterov=True)),
    ),
    "adam": (
        {"rate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        by_optax(optax.adam(0.05, b1=0.9, b2=0.999, eps=1e-8)),
    ),
    "adamw": (
        {"rate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "decay": 0.1},
        by_optax(adamw_by_group(0.05, 0.1)),
    ),
    "radam": (
        {"rate": 0.02, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8},
        by_optax(optax.radam(0.02, b1=0.9, b2=0.99, eps=1e-8, threshold=5.0)),
    ),
    "adan": (
        {
            "rate": 0.05,
            "beta1": 0.98,
            "beta2": 0.92,
            "beta3": 0.99,
            "epsilon": 1e-8,
            "decay": 0.02,
        },
        by_optax(
            optax.adan(0.05, b1=0.98, b2=0.92, b3=0.99, eps=1e-8, eps_root=0.0, weight_decay=0.02)
        ),
    ),
    "adagrad": (
        {"rate": 0.3, "epsilon": 0.0},
        by_optax(optax.adagrad(0.3, initial_accumulator_value=0.0, eps=0.0)),
    ),
    "rmsprop": (
        {"rate": 0.003, "beta": 0.9, "epsilon": 1e-8},
        by_optax(optax.rmsprop(0.003, decay=0.9, eps=1e-8, eps_in_sqrt=False)),
    ),
    "lion": (
        {"rate": 0.013, "beta1": 0.9, "beta2": 0.99, "decay": 0.1},
        by_optax(optax.lion(0.013, b1=0.9, b2=0.99, weight_decay=0.1)),
    ),
    "lars": (
        {"rate": 1.0, "beta": 0.9, "decay": 0.01, "trust": 0.01},
        by_optax(lars(1.0, 0.9, 0.01, 0.01)),
    ),
    "lamb": (
        {
            "rate": 0.01,
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-6,
            "decay": 0.01,
            "ratio-max": 0.0,
        },
        by_optax(
            optax.lamb(0.01, b1=0.9, b2=0.999, eps=1e-6, eps_root=0.0, weight_decay=0.01)
        ),
    ),
    "sparse-adam": (
        {"rate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        sparse_adam(0.05, 0.9, 0.999, 1e-8),
    ),
    "clip-l2,sgd": (
        {"rate": 0.03, "clip-l2.limit": 3.0},
        by_optax(optax.chain(optax.clip_by_global_norm(3.0), optax.sgd(0.03))),
    ),
    "clip-value,momentum": (
        {"rate": 0.01, "clip-value.limit": 1.5, "beta": 0.9},
        by_optax(optax.chain(optax.clip(1.5), optax.sgd(0.01, momentum=0.9))),
    ),
    "accumulate,adam": (
        {"rate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "accumulate.every": 4},
        by_optax(optax.MultiSteps(optax.adam(0.05, eps=1e-8), 4)),
    ),
    "lookahead,adam": (
        {
            "rate": 0.05,
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-8,
            "lookahead.every": 6,
            "share": 0.5,
        },
        lookahead(optax.adam(0.05, b1=0.9, b2=0.999, eps=1e-8), 6, 0.5),
    ),
    "sam,sgd": ({"rate": 0.02, "sam.radius": 0.05}, sharpness_aware(0.02, 0.05)),
}



def layout(method, settings, path):
    """One line a point."""
    points = ((step, [float(f"{v:.9g}") for v in path[step - 1]]) for step in EVERY)
    lines = ",\n".join(f'  "{step}": {json.dumps(point)}' for step, point in points)
    head = f'{{"method": {json.dumps(method)}, "settings": {json.dumps(settings)}, "points": {{'
    return f"{head}\n{lines}}}}}"


cases = ",\n".join(layout(method, *case) for method, case in CASES.items())
print(f'{{"problem": {json.dumps(PROBLEM)}, "cases": [\n{cases}]}}')
