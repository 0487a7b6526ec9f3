"""The stack of functions, APIs and page. All IAM grants are in this module."""

from typing import cast

from aws_cdk import CfnElement, CfnOutput, Duration, Stack
from aws_cdk.aws_apigateway import MethodDeploymentOptions
from aws_cdk.aws_dynamodb import ITable
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_s3 import IBucket
from chat_shared.documents import INDEX_PREFIX, PREFIXES, READING_SECONDS
from chat_shared.shares import SHARES
from chat_ws.errors import MAX_QUESTION_CHARACTERS
from chat_ws.protocol import FEATURES
from constructs import Construct
from history_api.features import DOCUMENT_FEATURES, RATING_FEATURES, SHARE_FEATURES
from history_api.features import FEATURES as HISTORY_FEATURES

from cdk.accounts import LOOPBACK_URL, Accounts, PageClient
from cdk.acknowledgement import acknowledge
from cdk.bedrock_models import model_arns, model_choices
from cdk.capacity import READER_MEMORY_MB
from cdk.history_api import HistoryApi
from cdk.identity import Identity
from cdk.monitoring.alarms import Alarms
from cdk.monitoring.budget import Budget
from cdk.monitoring.dashboard import Dashboard
from cdk.monitoring.metrics import StageMetrics
from cdk.python_function import PythonFunctions, allow
from cdk.settings import Settings
from cdk.stack_names import WORKER_OUTPUT
from cdk.storage import ACTIVITY_INDEX
from cdk.target import Target
from cdk.web import Domain, Web
from cdk.websocket_api import WebSocketApi

SUMMARY = "mode.summary"  # the only feature of the chat that needs documents


class ServiceStack(Stack):
    """Everything but the data: deleting this stack loses no conversation."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        target: Target,
        functions: PythonFunctions,
        table: ITable,
        documents: IBucket,
        accounts: Accounts | None,
    ) -> None:
        super().__init__(scope, construct_id, description="Seoyeon: a Korean chatbot on Llama 3")
        self._settings = settings
        self._target = target
        self._table = table
        self._documents = documents
        self._functions = functions
        self._accounts = accounts
        self._identity = Identity(self, "Identity", functions=self._functions, auth=settings.auth)
        self._socket = self._add_websocket_api()
        self._reader = self._add_reader() if settings.documents else None
        self._history = HistoryApi(
            self,
            "HistoryApi",
            functions=self._functions,
            code=self._functions.code("lambda-history"),
            environment={
                "TABLE_NAME": table.table_name,
                # Without the setting too: documents of an earlier deployment can be deleted.
                "DOCUMENTS_BUCKET": documents.bucket_name,
                **self._document_environment(),
                **self._share_environment(),
                **self._rating_environment(),
            },
            authorizer=self._identity.rest_authorizer,
            rate=settings.history_rate,
            burst=settings.history_burst,
            has_documents=settings.documents,
            has_feedback=settings.feedback,
            shared_throttle=MethodDeploymentOptions(
                throttling_rate_limit=settings.shared_rate,
                throttling_burst_limit=settings.shared_burst,
            )
            if settings.has_shares
            else None,
        )
        self._web = self._add_web()
        self._identity.function.add_environment("PAGE_URL", self._web.page_url)
        self._grant_access()
        if target.has_monitoring:
            self._add_monitoring()
        self._add_outputs()
        target.remove_unsupported(self)

    def _add_websocket_api(self) -> WebSocketApi:
        settings = self._settings
        socket = WebSocketApi(self, "WebSocketApi", settings)
        table = {"TABLE_NAME": self._table.table_name}
        connections = {"WEBSOCKET_CALLBACK_URL": self._target.websocket_callback_url(socket.stage)}
        socket.add_functions(
            self._functions,
            self._functions.code("lambda-chat-ws"),
            routes_environment={
                **table,
                "HISTORY_DAYS": str(settings.history_days),
                "DAILY_MESSAGES": str(settings.daily_messages),
                "DAILY_TOKENS": str(settings.daily_tokens),
                "DAILY_TOKENS_PER_USER": str(settings.daily_tokens_per_user),
            },
            failure_environment={**table, **connections},
            worker_environment={
                **table,
                **connections,
                "MODEL_IDS": ",".join(settings.model_ids),
                "BEDROCK_REGION": settings.bedrock_region,
                "MAX_GEN_LEN": str(settings.max_gen_len),
                "TEMPERATURE": str(settings.temperature),
                "TOP_P": str(settings.top_p),
                "WINDOW_EXCHANGES": str(settings.window_exchanges),
                "DAILY_TOKENS": str(settings.daily_tokens),
                "TITLES": str(settings.titles).lower(),
                **self._passage_environment(),
                **self._guardrail_environment(),
                **self._target.worker_environment,
            },
            worker_concurrency=settings.worker_concurrency or None,
        )
        socket.add_routes(self._identity.websocket_authorizer)
        return socket

    def _add_reader(self) -> Function:
        return self._functions.add(
            self,
            "Reader",
            code=self._functions.code("lambda-documents"),
            description="Turns an uploaded document into parts of text",
            environment={
                "TABLE_NAME": self._table.table_name,
                "DOCUMENTS_BUCKET": self._documents.bucket_name,
            },
            memory_mb=READER_MEMORY_MB,
            # Longer than the child process may take; the document's lease has the same length.
            timeout=Duration.seconds(READING_SECONDS),
            # A file that ends the function would end it again; the user can repeat the reading.
            retry_attempts=0,
        )

    def _document_environment(self) -> dict[str, str]:
        """Return the variables by which the history function offers documents."""
        settings = self._settings
        if not self._reader:
            return {}
        return {
            "DOCUMENT_READER": self._reader.function_name,
            "DOCUMENT_MEGABYTES": str(settings.document_megabytes),
            "CONVERSATION_DOCUMENTS": str(settings.conversation_documents),
            "DOCUMENTS_PER_DAY": str(settings.documents_per_day),
            "DAILY_DOCUMENTS": str(settings.daily_documents),
            **self._target.upload_environment,
        }

    def _share_environment(self) -> dict[str, str]:
        """Return the variables by which the history function offers shares."""
        settings = self._settings
        if not settings.has_shares:
            return {}
        return {
            "HISTORY_DAYS": str(settings.history_days),
            "SHARES_PER_DAY": str(settings.shares_per_day),
            "DAILY_SHARES": str(settings.daily_shares),
        }

    def _rating_environment(self) -> dict[str, str]:
        """Return the variables by which the history function takes ratings."""
        settings = self._settings
        if not settings.feedback:
            return {}
        return {
            "RATINGS_PER_DAY": str(settings.ratings_per_day),
            "DAILY_RATINGS": str(settings.daily_ratings),
        }

    def _passage_environment(self) -> dict[str, str]:
        """Return the variables by which the worker puts documents into prompts."""
        if not self._settings.documents:
            return {}
        return {
            "DOCUMENTS_BUCKET": self._documents.bucket_name,
            "DOCUMENT_TOKENS": str(self._settings.document_tokens),
        }

    def _guardrail_environment(self) -> dict[str, str]:
        settings = self._settings
        if not settings.guardrail_id:
            return {}
        return {
            "GUARDRAIL_ID": settings.guardrail_id,
            "GUARDRAIL_VERSION": settings.guardrail_version,
        }

    def _add_web(self) -> Web:
        stage = self._socket.stage
        web = Web(
            self,
            "Web",
            history=self._history.origin,
            connect_sources=self._target.connect_sources(
                stage, self._accounts, self._documents if self._reader else None
            ),
            bucket_enforces_tls=self._target.bucket_enforces_tls,
            bucket_auto_deletes_objects=self._target.bucket_auto_deletes_objects,
            domain=self._domain(),
        )
        config: dict[str, object] = {
            "websocket_url": self._target.page_websocket_url(stage),
            "auth": self._settings.auth,
            "max_text_length": MAX_QUESTION_CHARACTERS,
            "features": self._features(),
            "models": model_choices(
                self._settings.models, self._settings.document_tokens, self._settings.max_gen_len
            ),
        }
        if self._accounts:
            config["cognito"] = self._add_page_client(self._accounts, web)
        # A page must not read the features of functions that are still to be updated.
        functions = [self._socket.routes, self._socket.worker, self._history.function]
        self._target.publish_page(web, config, after=functions)
        return web

    def _features(self) -> list[str]:
        features = [*FEATURES, *HISTORY_FEATURES]
        if self._settings.has_shares:
            features += SHARE_FEATURES
        if self._settings.feedback:
            features += RATING_FEATURES
        if self._settings.documents:
            return [*features, *DOCUMENT_FEATURES]
        return [name for name in features if name != SUMMARY]

    def _add_page_client(self, accounts: Accounts, web: Web) -> dict[str, str]:
        """Add the page's client, configure the authorizer, return the `cognito` of config.json."""
        client = PageClient(
            self,
            "PageClient",
            pool=accounts.pool,
            callback_url=self._target.sign_in_callback_url(web),
        )
        for name, value in (
            ("COGNITO_ISSUER", accounts.issuer),
            ("COGNITO_JWKS_URL", self._target.jwks_url(accounts)),
            ("COGNITO_CLIENT_ID", client.client_id),
        ):
            self._identity.function.add_environment(name, value)
        return {
            "url": self._target.sign_in_url(accounts),
            "client_id": client.client_id,
            "loopback_url": LOOPBACK_URL,
        }

    def _domain(self) -> Domain | None:
        name, certificate_arn = self._settings.domain_name, self._settings.certificate_arn
        return Domain(name, certificate_arn) if name and certificate_arn else None

    def _grant_access(self) -> None:
        table = self._table.table_arn
        socket = self._socket
        allow(
            socket.routes,
            _dynamodb("GetItem", "PutItem", "Query", "UpdateItem"),
            [table],
        )
        allow(socket.routes, ["lambda:InvokeFunction"], [socket.worker.function_arn])
        allow(socket.worker, _dynamodb("BatchGetItem", "GetItem", "Query", "UpdateItem"), [table])
        allow(socket.worker, ["lambda:InvokeFunction"], [socket.failure.function_arn])
        allow(socket.failure, _dynamodb("UpdateItem"), [table])
        self._grant_connections()
        allow(socket.worker, ["bedrock:InvokeModelWithResponseStream"], self._model_arns())
        if self._settings.guardrail_id:
            allow(socket.worker, ["bedrock:ApplyGuardrail"], [self._guardrail_arn()])
        allow(
            self._history.function,
            _dynamodb("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
            [table, f"{table}/index/{ACTIVITY_INDEX}"],
        )
        allow(self._history.function, _dynamodb("BatchGetItem"), [table])
        self._grant_documents()

    def _grant_documents(self) -> None:
        """Grant access to the bucket by the functions' prefixes, which chat_shared defines."""
        bucket = self._documents.bucket_arn
        uploads, text, notes = (f"{bucket}/{prefix}/*" for prefix in PREFIXES)
        index, shares = f"{bucket}/{INDEX_PREFIX}/*", f"{bucket}/{SHARES}/*"
        history, worker = self._history.function, self._socket.worker
        allow(history, ["s3:GetObject", "s3:PutObject"], [index])
        # Without the settings too: objects of an earlier deployment can be deleted.
        allow(history, ["s3:DeleteObject"], [uploads, text, notes, index, shares])
        # A HEAD tells whose share it is.
        allow(history, ["s3:GetObject"], [shares])
        prefixes = {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in PREFIXES]}}
        allow(history, ["s3:ListBucket"], [bucket], prefixes)
        if self._settings.has_shares:
            allow(history, ["s3:PutObject"], [shares])
            allow(history, _dynamodb("ConditionCheckItem"), [self._table.table_arn])
        if self._reader:
            allow(history, ["s3:PutObject"], [uploads])
            allow(history, ["s3:GetObject"], [text])
            allow(history, ["lambda:InvokeFunction"], [self._reader.function_arn])
            allow(self._reader, ["s3:GetObject", "s3:DeleteObject"], [uploads])
            allow(self._reader, ["s3:PutObject", "s3:DeleteObject"], [text])
            allow(self._reader, _dynamodb("UpdateItem"), [self._table.table_arn])
            allow(worker, ["s3:GetObject"], [text])
            allow(worker, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [notes])
        # The template names the bucket by the export of the data stack.
        exported = self.resolve(Stack.of(self._documents).export_value(bucket))["Fn::ImportValue"]
        for prefix in (*PREFIXES, INDEX_PREFIX, SHARES):
            finding = f"IAM5[Resource::{exported}/{prefix}/*]"
            acknowledge(self, **{finding: "The ids in the keys are assigned at run time"})

    def _grant_connections(self) -> None:
        socket = self._socket
        path = f"{socket.stage.stage_name}/POST/@connections/*"
        arn = self.format_arn(service="execute-api", resource=socket.api.api_id, resource_name=path)
        for function in (socket.worker, socket.failure):
            allow(function, ["execute-api:ManageConnections"], [arn])
        api = self.get_logical_id(cast(CfnElement, socket.api.node.default_child))
        prefix = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>"
        finding = f"IAM5[Resource::{prefix}:<{api}>/{path}]"
        acknowledge(self, **{finding: "Connection ids are assigned at run time"})

    def _model_arns(self) -> list[str]:
        return [
            arn
            for model in self._settings.models
            for arn in model_arns(
                model, self.partition, self.account, self._settings.bedrock_region
            )
        ]

    def _guardrail_arn(self) -> str:
        guardrail = str(self._settings.guardrail_id)
        if guardrail.startswith("arn:"):
            return guardrail
        return self.format_arn(
            service="bedrock",
            region=self._settings.bedrock_region,
            resource="guardrail",
            resource_name=guardrail,
        )

    def _add_monitoring(self) -> None:
        settings, socket = self._settings, self._socket
        if settings.monthly_budget and settings.alarm_email:
            Budget(self, "Budget", dollars=settings.monthly_budget, email=settings.alarm_email)
        metrics = StageMetrics(settings.stage)
        alarms = Alarms(
            self,
            "Alarms",
            metrics=metrics,
            routes=socket.routes,
            worker=socket.worker,
            failure=socket.failure,
            reader=self._reader,
            daily_cost=settings.daily_cost_alarm,
            email=settings.alarm_email,
        )
        Dashboard(
            self,
            "Dashboard",
            metrics=metrics,
            functions={
                "routes": socket.routes,
                "worker": socket.worker,
                "failure": socket.failure,
                "history": self._history.function,
                "authorizer": self._identity.function,
                **({"reader": self._reader} if self._reader else {}),
            },
            table=self._table,
            alarms=alarms.alarms,
            bedrock_region=settings.bedrock_region,
            daily_cost=settings.daily_cost_alarm,
            daily_tokens=settings.daily_tokens,
        )

    def _add_outputs(self) -> None:
        for name, value in (
            ("PageUrl", self._web.page_url),
            ("BucketName", self._web.bucket.bucket_name),
            ("WebSocketUrl", self._socket.stage.url),
            ("RestUrl", self._history.api.url),
            ("DistributionDomain", self._web.distribution.distribution_domain_name),
            (WORKER_OUTPUT, self._socket.worker.function_name),
        ):
            CfnOutput(self, name, value=value)


def _dynamodb(*operations: str) -> list[str]:
    return [f"dynamodb:{operation}" for operation in operations]
