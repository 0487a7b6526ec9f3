"""HTTP control of the scripted model, for tests.

PUT    /_scripted/plan         plan the next replies: a JSON list of `script.Reply`
GET    /_scripted/invocations  list the invocations, oldest first
POST   /_scripted/release      continue the answers that `Reply.hold_at` holds
DELETE /_scripted              forget the plan and the invocations
"""

from aiohttp import web

from seoyeon.local.bedrock import script
from seoyeon.local.bedrock.script import Script


def routes(played: Script) -> list[web.RouteDef]:
    async def plan(request: web.Request) -> web.Response:
        try:
            played.plan(script.parse(await request.json()))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.Response(status=204)

    async def release(_: web.Request) -> web.Response:
        played.release()
        return web.Response(status=204)

    async def invocations(_: web.Request) -> web.Response:
        return web.json_response([record.view() for record in played.records])

    async def reset(_: web.Request) -> web.Response:
        played.reset()
        return web.Response(status=204)

    return [
        web.put("/_scripted/plan", plan),
        web.post("/_scripted/release", release),
        web.get("/_scripted/invocations", invocations),
        web.delete("/_scripted", reset),
    ]
