"""An authenticator app: photographs a QR code and tells codes, with zxing-cpp and pyotp.

Standard input: {"svg"}. The picture is painted as a browser would, read as a camera would, and what it says
is given to pyotp, which neither Ashlar nor its own tests of codes are made with.
Standard output: {"uri", "secret", "issuer", "name", "form", "codes"}: the codes of this half minute and of the next.
"""

import io
import json
import sys
import time

import pyotp
import resvg_py
import zxingcpp
from PIL import Image

given = json.load(sys.stdin)
png = resvg_py.svg_to_bytes(svg_string=given["svg"], background="#ffffff")
picture = Image.open(io.BytesIO(png)).convert("L")
found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
if len(found) != 1:
    sys.exit(f"the picture of {picture.size} holds {len(found)} QR codes")
uri = found[0].text
authenticator = pyotp.parse_uri(uri)
now = int(time.time())
result = {
    "uri": uri,
    "secret": authenticator.secret,
    "issuer": authenticator.issuer,
    "name": authenticator.name,
    "form": [authenticator.digits, authenticator.interval, authenticator.digest().name],
    "codes": [authenticator.at(now), authenticator.at(now + authenticator.interval)],
}
json.dump(result, sys.stdout)
