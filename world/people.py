"""People who buy things: names, phones and addresses, made up from a seed. Nobody in here exists."""

from dataclasses import dataclass
from random import Random

FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华梓涵子轩欣怡浩宇雨桐"
STREETS = ("人民路", "中山路", "建设大道", "解放路", "和平街", "新华路", "长江路", "学府路", "科技园路", "花园街")
DISTRICTS = (
    ("广东省", "深圳市", "南山区", "440305"),
    ("广东省", "广州市", "天河区", "440106"),
    ("上海市", "上海市", "浦东新区", "310115"),
    ("北京市", "北京市", "朝阳区", "110105"),
    ("浙江省", "杭州市", "西湖区", "330106"),
    ("江苏省", "南京市", "玄武区", "320102"),
    ("四川省", "成都市", "武侯区", "510107"),
    ("湖北省", "武汉市", "武昌区", "420106"),
    ("陕西省", "西安市", "雁塔区", "610113"),
    ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", "650102"),
)


@dataclass(frozen=True)
class Person:
    """Where a parcel goes, as an order spells it."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    district_code: str
    address: str


def person(chance: Random) -> Person:
    """Somebody new."""
    name = chance.choice(FAMILIES) + "".join(chance.sample(GIVEN, chance.choice((1, 2))))
    phone = f"1{chance.choice('35789')}{chance.randrange(10**9):09}"
    return Person(name, phone, *chance.choice(DISTRICTS), _door(chance))


def moved(somebody: Person, chance: Random) -> Person:
    """The same person at another address."""
    return Person(somebody.name, somebody.phone, *chance.choice(DISTRICTS), _door(chance))


def _door(chance: Random) -> str:
    house, unit, room = chance.randrange(1, 300), chance.randrange(1, 9), chance.randrange(101, 3302)
    return f"{chance.choice(STREETS)}{house}号{unit}单元{room}室"
