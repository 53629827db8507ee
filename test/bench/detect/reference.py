"""scikit-learn's IsolationForest on a matrix of doubles, one thread, as JSON: ms of CPU, best of a few.
usage: reference.py MATRIX COLUMNS TREES FIT_ROWS ROUNDS REFIT_EVERY"""
import json, os, sys, time
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import warnings
warnings.filterwarnings("ignore")
import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

X = np.fromfile(sys.argv[1]).reshape(-1, int(sys.argv[2]))
trees, fit_rows, rounds, refit_every = (int(x) for x in sys.argv[3:7])


def cpu(work, times):
    best, result = 1e9, None
    for _ in range(times):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return 1000 * best, result


def grow(rows):
    return IsolationForest(n_estimators=trees, max_samples=256, random_state=0, n_jobs=1).fit(rows)


def stream():
    size, model = len(X) // rounds, grow(X[:fit_rows])
    for i in range(rounds):
        model.score_samples(X[i * size:(i + 1) * size])
        if (i + 1) % refit_every == 0:
            end = max(fit_rows, (i + 1) * size)
            model = grow(X[end - fit_rows:end])


fit, model = cpu(lambda: grow(X[:fit_rows]), 3)
score, _ = cpu(lambda: model.score_samples(X), 3)
one, _ = cpu(lambda: model.score_samples(X[:1]), 5)
whole, _ = cpu(stream, 1)
print(json.dumps({"version": sklearn.__version__, "fit": fit, "score": score, "one": one, "stream": whole}))
