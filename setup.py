"""Computes the package list: each room (top-level folder) is a package under the namespace ``midspan``.

The repository root *is* ``midspan``, so that a new folder or file in a room needs no line anywhere.
"""

from setuptools import find_packages, setup

ROOMS = ["server", "completion", "context", "host", "evaluation", "cli"]

found = find_packages(include=[pattern for room in ROOMS for pattern in (room, room + ".*")])
setup(
    packages=["midspan." + package for package in found],
    package_dir={"midspan." + room: room for room in ROOMS},
    package_data={
        "midspan." + package: ["py.typed", "*.scm", "*.json", "*.safetensors", "*.txt", "*.lua", "*.c", "*.h"]
        for package in found
    },
)
