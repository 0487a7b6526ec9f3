"""The composition of the stacks."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.data_stack import DataStack
from cdk.local_target import LocalTarget
from cdk.python_function import PythonFunctions
from cdk.service_stack import ServiceStack
from cdk.settings import Settings
from cdk.stack_names import stack_names
from cdk.target import AwsTarget, Target


def build_app(app: App) -> None:
    """Add both stacks to the app. Raise SettingsError before anything is created."""
    settings = Settings.from_context(app.node.get_all_context())
    targets: dict[str, type[AwsTarget] | type[LocalTarget]] = {
        "aws": AwsTarget,
        "local": LocalTarget,
    }
    target: Target = targets[settings.target](settings)
    names = stack_names(settings.stage)
    functions = PythonFunctions(
        target.package_target, settings.architecture, settings.log_days, settings.stage
    )
    data = DataStack(
        app,
        names.data,
        settings=settings,
        functions=functions,
        removal_policy=target.data_removal_policy,
    )
    ServiceStack(
        app,
        names.service,
        settings=settings,
        target=target,
        functions=functions,
        table=data.table,
        documents=data.documents,
        accounts=data.accounts,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
