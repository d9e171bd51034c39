"""What the simulated SaaS sells: endpoints, AI models, plans, prices. All names and numbers are made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: its share of all requests and its log-normal latency."""

    path: str
    share: float
    median_ms: float
    sigma: float  # of ln(duration)
    models: tuple[tuple[str, float], ...] = ()  # AI models behind it, with their shares


@dataclass(frozen=True)
class Model:
    """One AI model: log-normal tokens a request, and what a million of them costs in USD."""

    name: str
    median_tokens: float
    sigma: float  # of ln(tokens)
    usd: str
    usd_later: str | None = None  # from the price change on

    @property
    def quota_type(self) -> str:
        """The model's quota_type in usage_records."""
        return f"ai_tokens_{self.name}"


@dataclass(frozen=True)
class Plan:
    """One plan: its monthly price in both currencies, and how many tenants have it."""

    name: str
    share: float
    ngn: str
    usd: str


ENDPOINTS = (
    Endpoint("/v1/customers", 0.135, 24, 0.55),
    Endpoint("/v1/chat", 0.165, 820, 0.75, (("gpt-4o-mini", 0.6), ("gpt-4", 0.2), ("claude-sonnet", 0.2))),
    Endpoint("/v1/invoices", 0.12, 38, 0.6),
    Endpoint("/v1/payments", 0.105, 210, 0.7),
    Endpoint("/v1/embeddings", 0.105, 62, 0.5, (("embed-small", 1.0),)),
    Endpoint("/v1/payments/verify", 0.085, 145, 0.65),
    Endpoint("/v1/webhooks", 0.07, 11, 0.45),
    Endpoint("/v1/completions", 0.065, 540, 0.7, (("llama-3-70b", 0.7), ("gpt-4o-mini", 0.3))),
    Endpoint("/v1/auth/token", 0.05, 17, 0.4),
    Endpoint("/v1/reports", 0.05, 640, 0.95),
    Endpoint("/v1/documents/summary", 0.03, 2400, 0.6, (("claude-sonnet", 0.6), ("gpt-4", 0.4))),
    Endpoint("/v1/voice/transcripts", 0.02, 3100, 0.8, (("whisper", 1.0),)),
)

MODELS = (
    Model("gpt-4o-mini", 640, 0.8, "0.60"),
    Model("gpt-4", 900, 0.85, "30.00", usd_later="24.00"),
    Model("claude-sonnet", 1500, 0.9, "9.00"),
    Model("llama-3-70b", 480, 0.7, "0.90"),
    Model("embed-small", 230, 0.6, "0.02"),
    Model("whisper", 1100, 0.75, "6.00"),
)

PLANS = (
    Plan("starter", 0.5, "18000.00", "12.00"),
    Plan("growth", 0.3, "75000.00", "49.00"),
    Plan("scale", 0.15, "320000.00", "210.00"),
    Plan("enterprise", 0.05, "1850000.00", "1200.00"),
)

# What is priced in NGN, by unit size.
NAIRA_PRICES = (("api_calls", "1000", "450.00"), ("storage_gb", "1", "12.50"))
TOKENS_PRICED = "1000000"

OTHER_ZONES = ("Africa/Accra", "Europe/London", "America/New_York")

FIRST_WORDS = (
    "Adunni", "Agbada", "Aladire", "Amaka", "Ankara Lane", "Asabe", "Baobab", "Bisola", "Blue Lagoon",
    "Calabash", "Chidera", "Cowrie", "Danladi", "Ebele", "Ekundayo", "Fulani Road", "Gari Gate",
    "Harmattan", "Ifeoma", "Iroko", "Jollof Hill", "Kainji", "Kano Gate", "Kolanut", "Mangrove",
    "Marina View", "Mokola", "Ndidi", "Niger Bend", "Obudu", "Ogene", "Okoro", "Osun Bridge",
    "Palmwine", "Red Earth", "Sahel", "Talking Drum", "Udoka", "Yewande", "Zuma",
)  # fmt: skip
LAST_WORDS = (
    "Academy", "Agro", "Books", "Clinics", "Cold Chain", "Courier", "Dairies", "Energy", "Events",
    "Fabrics", "Farms", "Foods", "Freight", "Homes", "Insurance", "Kitchens", "Labs", "Legal",
    "Logistics", "Markets", "Media", "Motors", "Pay", "Pharmacy", "Poultry", "Schools", "Solar",
    "Studios", "Telehealth", "Textiles", "Tickets", "Travel", "Tutors", "Water", "Wholesale",
)  # fmt: skip
