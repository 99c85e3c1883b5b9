"""A mail server on loopback that takes, puts off, refuses or stalls, and tells each mail that it took as a line of JSON.

Usage: smtp_server.py ADDRESS PORT take|later|refuse|stall
"""

import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, manner):
        self.manner = manner

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.manner == "stall":
            print(json.dumps({"stalls": address}), flush=True)
            await asyncio.Event().wait()
        if self.manner == "later":
            print(json.dumps({"later": address}), flush=True)
            return f"451 {address} must wait"
        if self.manner == "refuse":
            print(json.dumps({"refuses": address}), flush=True)
            return f"550 no such mailbox: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": mail["Subject"],
            "text": mail.get_content(),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


async def main(address, port, manner):
    handler = Handler(manner)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.example", timeout=600), address, port)
    print(json.dumps({"listening": port}), flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
