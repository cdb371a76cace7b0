"""One client of the system: its store, its customizing, its clock, its sessions."""

from __future__ import annotations

from decimal import Decimal

import sample_data
from . import values
from .database import CLIENT, Store
from .messages import SapError
from .sessions import Sessions

SALES_AREA = ("1000", "10", "00")
ORDER_TYPES = {"TA"}          # Internal: the English logon shows OR.
RETURN_TYPES = {"RE"}
DELIVERY_BLOCKS = {"01", "Z1"}
REJECTIONS = {"Z0", "Z1", "50"}
ORDER_REASONS = {"101", "102", "103"}
PARTNERS = {"AG", "WE", "RE", "RG"}
# Plant and storage location of a warehouse.
PLACES = {"EAST": ("1000", "0001"), "WEST": ("1100", "0001"), "CENTRAL": ("1200", "0001")}
PIECE = "ST"  # Internal: the English logon shows PC.
PRICE_GROUPS = {"RETAIL": "01", "VIP": "02", "B2B": "03"}
SERVICES = {"SHIPPING", "GIFTWRAP"}  # Materials that nobody delivers.
TAX_RATE = Decimal(19)


class Company:
    def __init__(self, store: Store, language: str, user: str, idle_s: float):
        self.store = store
        self.language = language
        self.user = user
        self.sessions = Sessions(idle_s)

    @staticmethod
    def stamp() -> tuple[str, str]:
        moment = values.now()
        return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")

    @staticmethod
    def today() -> str:
        return values.now().strftime("%Y%m%d")

    def material(self, number: str) -> dict:
        """The material of this internal number: 1000 without its zeros is none."""
        row = self.store.get("MARA", number)
        if row is None or row["LVORM"].strip():
            raise SapError("V1", "382", number)
        return row

    def log_change(self, object_class: str, key: str, user: str, kind: str = "U") -> None:
        """A change document; of a change only if the object's fields are flagged for it, which all are here."""
        day, time = self.stamp()
        self.store.insert("CDHDR", {
            "OBJECTCLAS": object_class, "OBJECTID": key, "CHANGENR": self.store.next_number("CHANGENR", 1),
            "USERNAME": user, "UDATE": day, "UTIME": time, "TCODE": "VA02", "CHANGE_IND": kind})

    def rows(self, table: str, document: str) -> list[dict]:
        return self.store.select(table, "MANDT = ? AND VBELN = ?", (CLIENT, document))


def location_of(plant: str, storage: str) -> str:
    return next((code for code, place in PLACES.items() if place == (plant.strip(), storage.strip())), "")


def sample_customers():
    return sample_data.CUSTOMERS
