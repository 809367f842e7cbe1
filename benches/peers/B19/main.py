import time
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
def task(i):
    return i + 1
if __name__ == "__main__":
    t0 = time.perf_counter()
    r = 0
    with ProcessPoolExecutor(2, mp_context=mp.get_context("fork")) as ex:
        fs = [ex.submit(task, i) for i in range(20000)]
        for f in fs:
            r += f.result()
    print("RESULT", r)
    print("TIME", time.perf_counter() - t0)
