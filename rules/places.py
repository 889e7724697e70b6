"""How far it is from one district to another, as well as two codes can tell.

Source: GB/T 2260-2007 (district codes). Seats: `center` of the 34 provincial divisions in AMap's district query
(https://lbs.amap.com/api/webservice/guide/api/district), from public copies of its answer, read 2026-11-22; two
decimals, about a kilometre.
"""

from math import asin, cos, radians, sin, sqrt

from models.noun import Id

SEATS = {  # province: (latitude, longitude) of its seat of government
    "11": (39.90, 116.41),  # 北京
    "12": (39.13, 117.19),  # 天津
    "13": (38.05, 114.50),  # 河北 石家庄
    "14": (37.86, 112.55),  # 山西 太原
    "15": (40.82, 111.67),  # 内蒙古 呼和浩特
    "21": (41.80, 123.43),  # 辽宁 沈阳
    "22": (43.89, 125.32),  # 吉林 长春
    "23": (45.76, 126.64),  # 黑龙江 哈尔滨
    "31": (31.23, 121.47),  # 上海
    "32": (32.04, 118.77),  # 江苏 南京
    "33": (30.29, 120.15),  # 浙江 杭州
    "34": (31.86, 117.28),  # 安徽 合肥
    "35": (26.08, 119.31),  # 福建 福州
    "36": (28.68, 115.89),  # 江西 南昌
    "37": (36.68, 117.00),  # 山东 济南
    "41": (34.76, 113.67),  # 河南 郑州
    "42": (30.58, 114.30),  # 湖北 武汉
    "43": (28.19, 112.98),  # 湖南 长沙
    "44": (23.13, 113.28),  # 广东 广州
    "45": (22.82, 108.32),  # 广西 南宁
    "46": (20.03, 110.33),  # 海南 海口
    "50": (29.53, 106.50),  # 重庆
    "51": (30.66, 104.07),  # 四川 成都
    "52": (26.58, 106.71),  # 贵州 贵阳
    "53": (25.04, 102.71),  # 云南 昆明
    "54": (29.66, 91.13),  # 西藏 拉萨
    "61": (34.26, 108.95),  # 陕西 西安
    "62": (36.06, 103.82),  # 甘肃 兰州
    "63": (36.62, 101.78),  # 青海 西宁
    "64": (38.47, 106.28),  # 宁夏 银川
    "65": (43.79, 87.62),  # 新疆 乌鲁木齐
    "71": (25.04, 121.51),  # 台湾 台北
    "81": (22.32, 114.17),  # 香港
    "82": (22.20, 113.55),  # 澳门
}
ONE_CITY = ("11", "12", "31", "50", "81", "82")  # municipalities and the two regions: codes like 5002 are no other city
NO_CITY = "90"  # 省直辖县级: counties under the province itself; two of them share four digits and nothing else
WITHIN_CITY, WITHIN_PROVINCE = 10, 60  # below any two seats: Hong Kong and Macao are 66 km apart
DIAMETER = 12_742


def distance(one: Id, other: Id) -> int | None:
    """How far; None when a code is of no province we know. Units: km, from seat to seat of two provinces.

    Why: inside a province the codes say only district, city or neither, so those count as nearer than any neighbour.
    """
    if one[:2] not in SEATS or other[:2] not in SEATS:
        return None
    if one == other:
        return 0
    if _city(one) == _city(other):
        return WITHIN_CITY
    return WITHIN_PROVINCE if one[:2] == other[:2] else _apart(SEATS[one[:2]], SEATS[other[:2]])


def _city(district: Id) -> str:
    province, city = district[:2], district[2:4]
    if province in ONE_CITY:
        return province
    return district if city == NO_CITY else province + city


def _apart(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Along the great circle."""
    (north, east), (north_too, east_too) = (tuple(map(radians, seat)) for seat in (one, other))
    bow = sin((north_too - north) / 2) ** 2 + cos(north) * cos(north_too) * sin((east_too - east) / 2) ** 2
    return round(DIAMETER * asin(sqrt(bow)))
