"""The page's hosting: a private bucket behind CloudFront, and strict security headers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_certificatemanager import Certificate
from aws_cdk.aws_cloudfront import (
    AllowedMethods,
    BehaviorOptions,
    CachePolicy,
    Distribution,
    ErrorResponse,
    Function,
    FunctionAssociation,
    FunctionCode,
    FunctionEventType,
    FunctionRuntime,
    HeadersFrameOption,
    HeadersReferrerPolicy,
    HttpVersion,
    OriginRequestPolicy,
    PriceClass,
    ResponseCustomHeader,
    ResponseCustomHeadersBehavior,
    ResponseHeadersContentSecurityPolicy,
    ResponseHeadersContentTypeOptions,
    ResponseHeadersFrameOptions,
    ResponseHeadersPolicy,
    ResponseHeadersReferrerPolicy,
    ResponseHeadersStrictTransportSecurity,
    ResponseSecurityHeadersBehavior,
    S3OriginAccessControl,
    SecurityPolicyProtocol,
    ViewerProtocolPolicy,
)
from aws_cdk.aws_cloudfront_origins import HttpOrigin, S3BucketOrigin
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.assets.page import NOT_FOUND, PUBLISHED
from cdk.stack_names import global_name

# CloudFront caches errors for 10 s by default, and the cache key of /history has no user: one
# user's 403 or 500 would be returned to others.
UNCACHED_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
# It runs before the cache and after it. The status of an error page of the distribution would be
# simpler, but would replace the JSON errors of /history, too.
NOT_FOUND_FUNCTION = f"""
function handler(event) {{
  const {{ request, response }} = event;
  const known = /{PUBLISHED.replace("/", "[/]")}/.test(request.uri);
  if (event.context.eventType === 'viewer-request') {{
    if (!known) request.uri = '/{NOT_FOUND}';
    return request;
  }}
  if (response.statusCode === 200 && (!known || request.uri === '/{NOT_FOUND}')) {{
    response.statusCode = 404;
    response.statusDescription = 'Not Found';
  }}
  return response;
}}
""".lstrip()
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"


def content_security_policy(connect_sources: Sequence[str]) -> str:
    """Return the page's policy; `connect_sources` are the origins allowed besides its own."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("connect-src 'self'", *connect_sources)),
            "img-src 'self' data:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types service-worker",
        )
    )


@dataclass(frozen=True)
class Domain:
    """A custom domain for the page. Its DNS record is not part of the stack."""

    name: str
    certificate_arn: str


class Web(Construct):
    """Exposes `bucket`, `distribution` and `page_url`. The target publishes the page."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        history: HttpOrigin,
        connect_sources: Sequence[str],
        bucket_enforces_tls: bool,
        bucket_auto_deletes_objects: bool,
        domain: Domain | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain = domain
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=bucket_enforces_tls,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # Each deployment builds its content from html/.
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=bucket_auto_deletes_objects,
        )
        access = S3OriginAccessControl(
            self, "BucketAccess", origin_access_control_name=global_name(Stack.of(self), "Page")
        )
        headers = self._headers_policy(connect_sources)
        self.distribution = Distribution(
            self,
            "Distribution",
            comment=Stack.of(self).stack_name,
            default_root_object="index.html",
            **self._domain_properties(),
            http_version=HttpVersion.HTTP2_AND_3,
            price_class=PriceClass.PRICE_CLASS_200,
            default_behavior=BehaviorOptions(
                origin=S3BucketOrigin.with_origin_access_control(
                    self.bucket, origin_access_control=access
                ),
                cache_policy=self._cache_policy(),
                compress=True,
                function_associations=self._not_found_page(),
                response_headers_policy=headers,
                viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            additional_behaviors={
                "/history*": BehaviorOptions(
                    origin=history,
                    allowed_methods=AllowedMethods.ALLOW_ALL,
                    cache_policy=CachePolicy.CACHING_DISABLED,
                    compress=True,
                    # Forwards Authorization. API Gateway requires its own host name in Host.
                    origin_request_policy=OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                    response_headers_policy=headers,
                    viewer_protocol_policy=ViewerProtocolPolicy.HTTPS_ONLY,
                )
            },
            error_responses=[
                ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in UNCACHED_ERRORS
            ],
        )
        acknowledge(
            self.bucket, S1="Only CloudFront can read the bucket, and its content is public"
        )
        acknowledge(
            self.distribution,
            CFR1="Users of Korean live in every country",
            CFR2="A web ACL has a fixed monthly price; the page is static, the APIs are throttled",
            CFR3="Access logs would store IP addresses that nothing needs",
        )
        if not domain:
            acknowledge(
                self.distribution,
                CFR4="The TLS policy of CloudFront's default domain is fixed; current browsers use "
                "TLS 1.2 or newer, which the setting domain_name enforces",
            )

    @property
    def page_url(self) -> str:
        """Return the page's URL without a path, which is also its origin."""
        if self._domain:
            return f"https://{self._domain.name}"
        return f"https://{self.distribution.distribution_domain_name}"

    def _domain_properties(self) -> dict[str, Any]:
        if not self._domain:
            return {}
        certificate = Certificate.from_certificate_arn(
            self, "Certificate", self._domain.certificate_arn
        )
        return {
            "domain_names": [self._domain.name],
            "certificate": certificate,
            "minimum_protocol_version": SecurityPolicyProtocol.TLS_V1_2_2021,
        }

    def _not_found_page(self) -> list[FunctionAssociation]:
        function = Function(
            self,
            "NotFound",
            function_name=global_name(Stack.of(self), "NotFound"),
            comment="Answers unknown paths with the page's 404",
            code=FunctionCode.from_inline(NOT_FOUND_FUNCTION),
            runtime=FunctionRuntime.JS_2_0,
        )
        events = (FunctionEventType.VIEWER_REQUEST, FunctionEventType.VIEWER_RESPONSE)
        return [FunctionAssociation(function=function, event_type=event) for event in events]

    def _cache_policy(self) -> CachePolicy:
        """Return a policy that obeys Cache-Control; the managed one caches for at least 1 s."""
        return CachePolicy(
            self,
            "CachePolicy",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.days(365),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )

    def _headers_policy(self, connect_sources: Sequence[str]) -> ResponseHeadersPolicy:
        return ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=global_name(Stack.of(self), "Headers"),
            security_headers_behavior=ResponseSecurityHeadersBehavior(
                content_security_policy=ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(connect_sources), override=True
                ),
                content_type_options=ResponseHeadersContentTypeOptions(override=True),
                frame_options=ResponseHeadersFrameOptions(
                    frame_option=HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=ResponseHeadersReferrerPolicy(
                    referrer_policy=HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=True,
                    override=True,
                ),
            ),
            custom_headers_behavior=ResponseCustomHeadersBehavior(
                custom_headers=[
                    _custom("Cross-Origin-Opener-Policy", "same-origin"),
                    _custom("Cross-Origin-Resource-Policy", "same-origin"),
                    _custom("Permissions-Policy", PERMISSIONS_POLICY),
                ]
            ),
        )


def _custom(header: str, value: str) -> ResponseCustomHeader:
    return ResponseCustomHeader(header=header, value=value, override=True)
