"""The page's bucket, distribution and security headers."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdk.assets.page import PUBLISHED, build_page
from cdk.web import NOT_FOUND_FUNCTION
from tests.browser.site import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from tests.infrastructure.conftest import FULL_CONTEXT, Assembly, Json


def headers_of(assembly: Assembly) -> Json:
    _, policy = assembly.service.one("AWS::CloudFront::ResponseHeadersPolicy")
    config: Json = policy["Properties"]["ResponseHeadersPolicyConfig"]
    return config


def distribution_of(assembly: Assembly) -> Json:
    _, distribution = assembly.service.one("AWS::CloudFront::Distribution")
    config: Json = distribution["Properties"]["DistributionConfig"]
    return config


def content_policy(assembly: Assembly) -> str:
    headers = headers_of(assembly)["SecurityHeadersConfig"]
    return assembly.service.text(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"])


def expected_policy(connect: str) -> str:
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {connect}; "
        "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types service-worker"
    )


def test_the_page_connects_to_itself_its_websocket_and_the_uploads_only(
    aws: Assembly, plain: Assembly, local: Assembly
) -> None:
    api, _ = aws.service.one("AWS::ApiGatewayV2::Api")

    # The attribute is the API's origin: wss://{api}.execute-api.{region}.amazonaws.com
    bucket, _ = aws.data.one("AWS::S3::Bucket")
    uploads = f"https://<{bucket}>.s3.<AWS::Region>.<AWS::URLSuffix>"
    assert content_policy(aws) == expected_policy(f"'self' <{api}.ApiEndpoint> {uploads}")
    (plain_api,) = plain.service.all("AWS::ApiGatewayV2::Api")
    assert content_policy(plain) == expected_policy(f"'self' <{plain_api}.ApiEndpoint>")
    assert content_policy(local) == expected_policy("'self'")


def test_every_security_header_is_sent(aws: Assembly) -> None:
    headers = headers_of(aws)["SecurityHeadersConfig"]

    assert headers["ContentTypeOptions"] == {"Override": True}
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31536000


def test_the_page_is_tested_in_a_browser_under_these_headers(
    aws: Assembly, local: Assembly
) -> None:
    """A violation fails the test that causes it: `complaints` in `tests/browser/conftest.py`."""
    security = headers_of(aws)["SecurityHeadersConfig"]
    custom = headers_of(aws)["CustomHeadersConfig"]["Items"]

    assert {item["Header"]: item["Value"] for item in custom} | {
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": security["FrameOptions"]["FrameOption"],
    } == SECURITY_HEADERS
    assert content_policy(local) == CONTENT_SECURITY_POLICY


def test_both_behaviours_send_the_headers(aws: Assembly) -> None:
    name, _ = aws.service.one("AWS::CloudFront::ResponseHeadersPolicy")
    config = distribution_of(aws)
    behaviours = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]

    assert [each["ResponseHeadersPolicyId"] for each in behaviours] == [{"Ref": name}] * 2
    assert all(each["Compress"] for each in behaviours)


def test_history_passes_through_uncached_with_its_authorization(aws: Assembly) -> None:
    (history,) = distribution_of(aws)["CacheBehaviors"]
    (origin,) = (
        origin
        for origin in distribution_of(aws)["Origins"]
        if origin["Id"] == history["TargetOriginId"]
    )

    assert history["PathPattern"] == "/history*"
    assert set(history["AllowedMethods"]) >= {"GET", "PATCH", "DELETE"}
    # AWS's names for CachingDisabled and AllViewerExceptHostHeader.
    assert history["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert history["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    rest, _ = aws.service.one("AWS::ApiGateway::RestApi")
    host = f"<{rest}>.execute-api.<AWS::Region>.<AWS::URLSuffix>"
    assert aws.service.text(origin["DomainName"]) == host
    assert origin["OriginPath"] == "/api"


def test_a_custom_domain_enforces_tls_1_2_and_is_the_page_s_url(full: Assembly) -> None:
    config = distribution_of(full)
    certificate = config["ViewerCertificate"]
    _, authorizer = full.service.function("authorizer")

    assert config["Aliases"] == [FULL_CONTEXT["domain_name"]]
    assert certificate["AcmCertificateArn"] == FULL_CONTEXT["certificate_arn"]
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert full.service.body["Outputs"]["PageUrl"]["Value"] == "https://chat.example.com"
    assert authorizer["Environment"]["Variables"]["PAGE_URL"] == "https://chat.example.com"


def test_plain_http_never_gets_through(aws: Assembly) -> None:
    config = distribution_of(aws)

    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["CacheBehaviors"][0]["ViewerProtocolPolicy"] == "https-only"
    assert config["HttpVersion"] == "http2and3"


def test_errors_are_never_cached(aws: Assembly) -> None:
    errors = distribution_of(aws)["CustomErrorResponses"]

    assert {error["ErrorCachingMinTTL"] for error in errors} == {0}
    assert {403, 404, 500, 502, 503, 504} <= {error["ErrorCode"] for error in errors}


def test_unknown_paths_get_the_page_s_404_and_history_keeps_its_json(aws: Assembly) -> None:
    name, _ = aws.service.one("AWS::CloudFront::Function")
    config = distribution_of(aws)
    associations = config["DefaultCacheBehavior"]["FunctionAssociations"]

    assert {each["EventType"] for each in associations} == {"viewer-request", "viewer-response"}
    assert {aws.service.text(each["FunctionARN"]) for each in associations} == {
        f"<{name}.FunctionARN>"
    }
    # An error page would replace the errors of every behaviour.
    assert not [each for each in config["CustomErrorResponses"] if "ResponsePagePath" in each]
    assert [each for each in config["CacheBehaviors"] if "FunctionAssociations" in each] == []


@pytest.mark.parametrize(
    ("path", "status", "served", "answered"),
    [
        ("/", 200, "/", 200),
        ("/index.html", 304, "/index.html", 304),
        ("/shared.html", 200, "/shared.html", 200),
        ("/config.json", 200, "/config.json", 200),
        ("/assets/app-1A2B3C4D.js", 403, "/assets/app-1A2B3C4D.js", 403),
        ("/404.html", 200, "/404.html", 404),
        ("/about", 200, "/404.html", 404),
        ("/about/", 304, "/404.html", 304),
        ("/index.html/x", 200, "/404.html", 404),
        ("/assets/", 200, "/404.html", 404),
    ],
)
def test_the_function_of_the_page_rewrites_unknown_paths_only(
    path: str, status: int, served: str, answered: int
) -> None:
    assert run_function("viewer-request", path) == served
    # AWS does not document which path a response's event has; both have the same result.
    assert run_function("viewer-response", path, status) == answered
    assert run_function("viewer-response", served, status) == answered


def test_every_published_file_is_a_known_path(tmp_path: Path) -> None:
    build_page(tmp_path)
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]

    assert len(files) > 10
    assert [name for name in files if not re.search(PUBLISHED, f"/{name}")] == []


def run_function(event_type: str, path: str, status: int = 200) -> object:
    """Return the path of a request, or the status of a response, after the function."""
    event = {
        "context": {"eventType": event_type},
        "request": {"uri": path},
        "response": {"statusCode": status},
    }
    script = f"{NOT_FOUND_FUNCTION}\nconst after = handler({json.dumps(event)});"
    script += "console.log(JSON.stringify(after.uri ?? after.statusCode))"
    node = Path(sys.executable).with_name("node")
    return json.loads(subprocess.check_output([node, "-e", script]))  # noqa: S603 (fixed arguments)


def test_only_cloudfront_can_read_the_bucket(aws: Assembly) -> None:
    _, bucket = aws.service.one("AWS::S3::Bucket")
    _, policy = aws.service.one("AWS::S3::BucketPolicy")
    distribution, _ = aws.service.one("AWS::CloudFront::Distribution")
    allowed = [
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    (reading,) = (statement for statement in allowed if "Service" in statement["Principal"])
    (emptying,) = (statement for statement in allowed if statement is not reading)
    assert reading["Action"] == "s3:GetObject"
    assert reading["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    source = aws.service.text(reading["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert source.endswith(f":distribution/<{distribution}>")
    # The CDK's function that empties the bucket before its deletion.
    assert "S3AutoDelete" in aws.service.text(emptying["Principal"]["AWS"])
    assert not any("Object" in each for each in emptying["Action"] if "Delete" not in each)


def test_index_html_is_published_after_its_assets_and_never_cached(aws: Assembly) -> None:
    deployments = aws.service.all("Custom::CDKBucketDeployment")
    (entry,) = (name for name, each in deployments.items() if "DependsOn" in each)
    (assets,) = deployments.keys() - {entry}

    assert assets in deployments[entry]["DependsOn"]
    assert deployments[entry]["Properties"]["SystemMetadata"] == {"cache-control": "no-cache"}
    kept = deployments[assets]["Properties"]
    assert kept["DestinationBucketKeyPrefix"] == "assets"
    assert kept["SystemMetadata"] == {"cache-control": "public, max-age=31536000, immutable"}


def test_the_features_in_config_json_are_published_after_the_functions(aws: Assembly) -> None:
    """A page that reads them earlier would send a new mode to functions that refuse it."""
    (entry,) = (
        each
        for each in aws.service.all("Custom::CDKBucketDeployment").values()
        if "DependsOn" in each
    )

    for name in ("routes", "worker", "history"):
        function, _ = aws.service.function(name)
        assert function in entry["DependsOn"]


def test_a_deployment_keeps_the_assets_of_open_pages(aws: Assembly) -> None:
    deployments = aws.service.properties("Custom::CDKBucketDeployment")

    assert [each["Prune"] for each in deployments] == [False, False]


def test_the_bucket_is_deleted_with_its_objects(aws: Assembly) -> None:
    """CloudFormation cannot delete a bucket that has objects."""
    bucket, resource = aws.service.one("AWS::S3::Bucket")
    _, emptying = aws.service.one("Custom::S3AutoDeleteObjects")

    assert resource["DeletionPolicy"] == "Delete"
    assert emptying["Properties"]["BucketName"] == {"Ref": bucket}


def test_the_outputs_have_the_urls(aws: Assembly) -> None:
    distribution, _ = aws.service.one("AWS::CloudFront::Distribution")
    outputs = aws.service.body["Outputs"]

    assert aws.service.text(outputs["PageUrl"]["Value"]) == f"https://<{distribution}.DomainName>"
    assert {"BucketName", "WebSocketUrl", "RestUrl", "DistributionDomain"} <= outputs.keys()
