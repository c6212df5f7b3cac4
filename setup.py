"""The packages Depesche needs, with their ranges: the one place where they are written.

Also what a cloud runner ships to its workers (``--setup_file=./setup.py``).
"""

from setuptools import find_packages, setup

RUN = [
    "aiohttp>=3.14,<4",
    "apache-beam>=2.77,<3",
    'backports.zstd>=1.0,<2; python_version < "3.14"',
    "brotli>=1.2,<2",
    "charset-normalizer>=3.4,<4",
    "fasteners>=0.18,<1",
    "fastwarc>=2.0.1,<3",
    "feedparser>=6.0.11,<7",
    "htmldate>=1.9.3,<2",
    "langdetect>=1.0.9,<2",
    "lxml>=5.3,<7",
    "lxml-html-clean>=0.4,<1",  # justext, behind trafilatura, imports it; lxml 6 no longer brings it
    "numpy>=1.26,<3",
    "PyYAML>=6.0.2,<7",
    "python-dateutil>=2.9,<3",
    "pyarrow>=18",  # as Beam allows it
    "py3langid>=0.4,<0.5",
    "tld>=0.13.1,<0.14",
    "trafilatura>=2.3,<3",
    "w3lib>=2.2,<3",
    "yarl>=1.20,<2",
]
STORES = {"s3": ["boto3>=1.36,<2"], "gs": ["apache-beam[gcp]>=2.77,<3"]}
TEST = [
    "cryptography>=44",
    "hypothesis>=6.120,<7",
    "jsonschema>=4.23,<5",
    "moto[s3,server]>=5,<6",
    "mypy>=2.4,<3",
    "pytest>=9,<10",
    "pytest-xdist>=3.6,<4",
    "ruff>=0.17,<0.18",
    "types-python-dateutil>=2.9,<3",
    "types-PyYAML>=6.0.12,<7",
]

setup(
    name="depesche",
    version="0.1.0",
    description="A streaming and batch ingestion pipeline for news on Apache Beam",
    long_description="See README.md",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["pipeline", "pipeline.*", "transforms", "transforms.*"]),
    package_data={"": ["*.html", "*.json", "*.toml", "py.typed"]},
    install_requires=RUN,
    extras_require=STORES | {"test": TEST + STORES["s3"]},
    entry_points={"console_scripts": ["depesche = pipeline.cli:main"]},
)
