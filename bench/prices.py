"""AWS's list prices: the one place to change them; the models' are in chat_ws/prices.py, because
the worker estimates with them.

They are us-east-1's (us-west-2's are the same for these items), as their pages had them in 2025,
written down without access to those pages: check each against its page, or against

    aws pricing get-products --region us-east-1 --service-code AWSLambda --filters ...

before a budget rests on it. Free tiers and the discounts of large volumes are left out.
"""

from dataclasses import dataclass

from chat_ws import prices as models

LAMBDA = "https://aws.amazon.com/lambda/pricing/"
API_GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
CLOUDFRONT = "https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/"
S3 = "https://aws.amazon.com/s3/pricing/"
CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
TRANSFER = "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer"
BEDROCK = "https://aws.amazon.com/bedrock/pricing/"

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """`dollars` for each `per` units."""

    dollars: float
    per: int
    unit: str
    page: str

    def of(self, units: float) -> float:
        """Dollars."""
        return units * self.dollars / self.per


@dataclass(frozen=True)
class ModelPrice:
    name: str
    prompt: Price
    answer: Price


LAMBDA_REQUEST = Price(0.20, MILLION, "invocations", LAMBDA)
LAMBDA_DURATION = Price(13.3334, MILLION, "GB-seconds (arm64)", LAMBDA)
WEBSOCKET_MESSAGE = Price(1.00, MILLION, "messages of 32 KB", API_GATEWAY)
WEBSOCKET_MINUTE = Price(0.25, MILLION, "connection minutes", API_GATEWAY)
REST_REQUEST = Price(3.50, MILLION, "REST requests", API_GATEWAY)
WRITE = Price(0.625, MILLION, "write request units", DYNAMODB)
READ = Price(0.125, MILLION, "read request units", DYNAMODB)
TABLE = Price(0.25, 1, "GB-months of table", DYNAMODB)
RECOVERY = Price(0.20, 1, "GB-months of recovery points", DYNAMODB)
# South Korea's edges; North America's and Europe's are some 15 to 30 % cheaper.
EDGE_REQUEST = Price(0.012, 10_000, "HTTPS requests", CLOUDFRONT)
EDGE_OUT = Price(0.12, 1, "GB from the edge", CLOUDFRONT)
BUCKET_READ = Price(0.0004, 1_000, "GET requests", S3)
BUCKET = Price(0.023, 1, "GB-months of bucket", S3)
OUT = Price(0.09, 1, "GB to the internet", TRANSFER)
LOG = Price(0.50, 1, "GB of logs", CLOUDWATCH)
LOG_KEPT = Price(0.03, 1, "GB-months of kept logs", CLOUDWATCH)
ALARM = Price(0.10, 1, "alarm-months", CLOUDWATCH)
DASHBOARD = Price(3.00, 1, "dashboard-months", CLOUDWATCH)
METRIC = Price(0.30, 1, "metric-months", CLOUDWATCH)


def _model(name: str, price: models.TokenPrice) -> ModelPrice:
    return ModelPrice(
        name,
        Price(price.prompt, models.PER, "prompt tokens", BEDROCK),
        Price(price.answer, models.PER, "answer tokens", BEDROCK),
    )


MODELS = {
    "meta.llama3-70b-instruct-v1:0": _model(
        "Llama 3 70B", models.PRICES["meta.llama3-70b-instruct-v1:0"]
    ),
    "us.meta.llama3-3-70b-instruct-v1:0": _model(
        "Llama 3.3 70B", models.PRICES["meta.llama3-3-70b-instruct-v1:0"]
    ),
}
