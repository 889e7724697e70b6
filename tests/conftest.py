def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write histories that are missing")
