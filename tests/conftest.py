import os

os.environ["COLUMNS"] = "200"  # tables are read here by their words, wherever this runs


def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write histories that are missing")
