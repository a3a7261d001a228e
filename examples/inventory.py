"""A small stock list: what is on the shelves, what it is worth, and what has to be ordered again."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Item:
    """One line of the stock list."""

    name: str
    price: float
    quantity: int
    reorder_at: int = 5

    def total(self) -> float:
        return self.price *


@dataclass
class Inventory:
    """All items, by name."""

    items: dict[str, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        if item.name in self.items:
            self.items[item.name].quantity += item.quantity
        else:
            self.items[item.name] = item

    def remove(self, name: str, quantity: int) -> None:
        item = self.items.get(name)
        if item is None:
            raise KeyError(f"no item is called {name}")
        if item.quantity < quantity:
            raise ValueError(f"only {item.quantity} of {name} left")
        item.quantity -= quantity

    def total_value(self) -> float:
        return sum(item.total() for item in self.items.values())

    def to_reorder(self) -> list[Item]:
        low = [item for item in self.items.values() if item.quantity <= item.reorder_at]
        return sorted(low, key=lambda item: item.quantity)


def read_inventory(path: Path) -> Inventory:
    """Read a CSV file with the columns name, price and quantity."""
    inventory = Inventory()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            inventory.add(Item(row["name"], float(row["price"]), int(row["quantity"])))
    return inventory
