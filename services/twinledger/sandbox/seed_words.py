"""Sandbox: the words of the seeded business: names of many scripts, places with currency and tax."""

from dataclasses import dataclass

__all__ = ["FAMILY", "GIVEN", "GOODS", "PLACES", "QUALITIES", "STREETS", "TRADES", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    city: str
    region: str
    postal_code: str
    country: str
    country_code: str
    currency: str
    dial: str
    language: str
    tax: str


PLACES = (
    Place("Portland", "ME", "04101", "United States", "US", "USD", "+1207555", "en", "Sales Tax"),
    Place("Oakland", "CA", "94607", "United States", "US", "USD", "+1510555", "en", "Sales Tax"),
    Place("Austin", "TX", "78701", "United States", "US", "USD", "+1512555", "en", "Sales Tax"),
    Place("Chicago", "IL", "60607", "United States", "US", "USD", "+1312555", "en", "Sales Tax"),
    Place("Toronto", "ON", "M5V 2T6", "Canada", "CA", "CAD", "+1416555", "en", "HST"),
    Place("Montréal", "QC", "H2Y 1C6", "Canada", "CA", "CAD", "+1514555", "fr", "QST"),
    Place("London", "Greater London", "SE1 9TG", "United Kingdom", "GB", "GBP", "+44207946", "en", "VAT"),
    Place("Köln", "NRW", "50667", "Germany", "DE", "EUR", "+49221555", "de", "VAT"),
    Place("München", "Bayern", "80331", "Germany", "DE", "EUR", "+4989555", "de", "VAT"),
    Place("Lyon", "ARA", "69002", "France", "FR", "EUR", "+33478555", "fr", "VAT"),
    Place("Sevilla", "Andalucía", "41001", "Spain", "ES", "EUR", "+34954555", "es", "VAT"),
    Place("Łódź", "łódzkie", "90-001", "Poland", "PL", "EUR", "+48425550", "pl", "VAT"),
    Place("Mumbai", "Maharashtra", "400001", "India", "IN", "INR", "+91225550", "en", "GST"),
    Place("Osaka", "Osaka", "530-0001", "Japan", "JP", "JPY", "+8165550", "ja", "Exempt"),
    Place("São Paulo", "SP", "01310-100", "Brazil", "BR", "USD", "+55115550", "pt", "Exempt"),
)

GIVEN = (
    "Ines",
    "Dana",
    "Amélie",
    "Björn",
    "Chloë",
    "Dmitri",
    "Emeka",
    "Fátima",
    "Giulia",
    "Håkon",
    "Ifeoma",
    "Jürgen",
    "Kenji",
    "Łukasz",
    "Mónica",
    "Noor",
    "Oisín",
    "Priya",
    "Quentin",
    "Ravi",
    "Siobhán",
    "Tomás",
    "Uma",
    "Václav",
    "Wei",
    "Ximena",
    "Yuki",
    "Zoë",
    "Olena",
    "Nguyễn",
    "Sarah",
    "James",
    "Mary Anne",
    "美咲",
    "Анна",
    "محمد",
)

FAMILY = (
    "Moreau",
    "Okafor",
    "O'Brien",
    "Müller",
    "García López",
    "Sørensen",
    "Nakamura",
    "Kowalczyk",
    "van der Berg",
    "Patel",
    "D'Angelo",
    "Nguyen",
    "Smith",
    "Çelik",
    "Horváth",
    "Fernández-Ruiz",
    "Ivanova",
    "Al-Sayed",
    "Åkesson",
    "Dubois",
    "Kim",
    "Silva",
    "Novák",
    "Łukasiewicz",
    "MacLeod",
    "Jones",
    "Schröder",
    "Rossi",
    "Tanaka",
    "山田",
)

QUALITIES = (
    "Harbor",
    "North Pier",
    "Blue Heron",
    "Old Mill",
    "Grüne",
    "Crescent",
    "Copper",
    "Lighthouse",
    "Maple",
    "Quay",
    "Red Brick",
    "Silver Birch",
    "Três Rios",
    "Étoile",
    "Juniper",
    "Cobalt",
    "Windmill",
    "Saffron",
    "Granite",
    "Sol",
)

TRADES = (
    "Bakery",
    "Design",
    "Café",
    "Logistics",
    "Pharma GmbH",
    "Books & Maps",
    "Studio",
    "Dental",
    "Paper Co.",
    "Labs",
    "Outdoors",
    "Consulting",
    "Ceramics",
    "Cycle Works",
    "Brauerei",
    "Architects",
    "Legal LLP",
    "Motors",
    "Foods Ltd",
)

GOODS = (
    "Logo refresh",
    "Menu layout",
    "Consulting hour",
    "Site visit",
    "Oven service",
    "Photo session",
    "Copy editing",
    "Brand guide",
    "Poster A2",
    "Packaging dieline",
    "Translation (page)",
    "Retainer",
    "Workshop",
    "Hosting, month",
    "Card stock",
    "Vinyl banner",
    "Illustration",
    "Web audit",
    "Newsletter",
    "Signage",
)

STREETS = (
    "Wharf Rd",
    "Hauptstraße",
    "Rue Neuve",
    "Quay St",
    "Elm Ave",
    "Calle Mayor",
    "Industrieweg",
)
