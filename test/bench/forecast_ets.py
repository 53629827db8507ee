"""statsmodels' ETS on series from stdin (JSON: {"season", "horizon", "series"}): seconds of the processor for a forecast with its bands, as JSON.

Additive errors, damped additive trend, additive season, as the bot's own Holt-Winters; heuristic initial values, which is the quicker way."""
import json
import sys
import time
import warnings

import pandas as pd
import statsmodels
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

warnings.filterwarnings("ignore")
asked = json.load(sys.stdin)
season, horizon = asked["season"], asked["horizon"]


def forecast(values):
    model = ETSModel(
        pd.Series(values),
        error="add",
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=season,
        initialization_method="heuristic",
    )
    fitted = model.fit(disp=0, maxiter=60)
    told = fitted.get_prediction(start=len(values), end=len(values) + horizon - 1)
    told.pred_int(0.2)
    told.pred_int(0.05)
    return told.predicted_mean


forecast(asked["series"][0])
started = time.process_time()
for one in asked["series"]:
    forecast(one)
seconds = (time.process_time() - started) / len(asked["series"])
json.dump({"seconds": seconds, "version": statsmodels.__version__}, sys.stdout)
